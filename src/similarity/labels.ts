import type { At } from '../types.ts'

/** What a record can be labelled with. */
export type LabelValue = string | number | boolean | bigint

/** The labels that a field holds, by its type. */
export type LabelOf<M extends object, P extends string> =
  unknown extends At<M, P> ? LabelValue : Extract<NonNullable<At<M, P>>, LabelValue>

export interface Classification<L extends LabelValue = LabelValue> {
  /** The most probable. */
  readonly label: L
  /** Of all labels that were met, most probable first; they add up to 1. */
  readonly probabilities: readonly { readonly label: L; readonly probability: number }[]
}

/** In words, for messages. */
export const LABELS = 'a string, number, boolean or bigint'

/** A value of metadata as a label; undefined where it is none. */
export function toLabel(value: unknown): LabelValue | undefined {
  if (typeof value === 'number') return Number.isNaN(value) ? undefined : value
  const isLabel = typeof value === 'string' || typeof value === 'boolean' || typeof value === 'bigint'
  return isLabel ? value : undefined
}

/** Labels with their probabilities, most probable first; equal ones stay in their order. Sorts in place. */
export function toClassification<L extends LabelValue>(
  probabilities: { label: L; probability: number }[],
): Classification<L> {
  probabilities.sort((a, b) => b.probability - a.probability)
  return { label: probabilities[0]!.label, probabilities }
}
