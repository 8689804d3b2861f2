import type { Parts } from './parts.ts'

/*
 * Probabilities of labels from the decision values of their pairs, as libsvm computes them. For a pair by Platt's sigmoid (J. Platt,
 * "Probabilistic outputs for support vector machines", 1999); of these for all labels by pairwise coupling (T.-F. Wu, C.-J. Lin and
 * R. Weng, "Probability estimates for multi-class classification by pairwise coupling", 2004): the p that makes
 *
 *   Σᵢ Σⱼ≠ᵢ (r[j][i] p[i] − r[i][j] p[j])²
 *
 * least, where r[i][j] is the probability of i, given i or j. That is pᵀQp with Q[i][i] = Σⱼ r[j][i]² and Q[i][j] = −r[j][i] r[i][j].
 */

/** How near to 0 and 1 the sigmoid of a pair comes. */
const LEAST = 1e-7

/** Where the iteration ends: so far from the minimum, of one label; or after so many rounds. */
const TOLERANCE = 0.005
const LEAST_ROUNDS = 100

/** 1 / (1 + exp(A f + B)), without overflow. */
function platt(f: number, slope: number, intercept: number): number {
  const x = slope * f + intercept
  const p = x >= 0 ? Math.exp(-x) / (1 + Math.exp(-x)) : 1 / (1 + Math.exp(x))
  return Math.min(Math.max(p, LEAST), 1 - LEAST)
}

/** For each label, of decision value number `at`, `at + stride`, … of the pairs. They add up to 1. */
export function probabilitiesOf(
  { labels, slopes, intercepts }: Parts,
  decisions: Float64Array,
  at: number,
  stride: number,
): Float64Array {
  const k = labels.length
  const given = new Float64Array(k * k)
  let pair = 0
  for (let i = 0; i < k; i++) {
    for (let j = i + 1; j < k; j++, pair++) {
      const p = platt(decisions[at + pair * stride]!, slopes[pair]!, intercepts[pair]!)
      given[i * k + j] = p
      given[j * k + i] = 1 - p
    }
  }
  return k === 2 ? Float64Array.of(given[1]!, given[2]!) : coupled(given, k)
}

/** Algorithm 2 of the paper: one p[t] after the other is set to what is best, and all are divided by their sum. */
function coupled(r: Float64Array, k: number): Float64Array {
  const Q = new Float64Array(k * k)
  for (let i = 0; i < k; i++) {
    for (let j = 0; j < k; j++) {
      if (i === j) continue
      Q[i * k + i]! += r[j * k + i]! ** 2
      Q[i * k + j] = -r[j * k + i]! * r[i * k + j]!
    }
  }
  const p = new Float64Array(k).fill(1 / k)
  const Qp = new Float64Array(k)
  for (let round = 0; round < Math.max(LEAST_ROUNDS, k); round++) {
    let pQp = 0
    for (let i = 0; i < k; i++) {
      let sum = 0
      for (let j = 0; j < k; j++) sum += Q[i * k + j]! * p[j]!
      Qp[i] = sum
      pQp += p[i]! * sum
    }
    if (Qp.every((value) => Math.abs(value - pQp) < TOLERANCE / k)) break
    for (let t = 0; t < k; t++) {
      const step = (pQp - Qp[t]!) / Q[t * k + t]!
      const sum = 1 + step
      p[t]! += step
      pQp = (pQp + step * (step * Q[t * k + t]! + 2 * Qp[t]!)) / sum / sum
      for (let j = 0; j < k; j++) {
        Qp[j] = (Qp[j]! + step * Q[t * k + j]!) / sum
        p[j]! /= sum
      }
    }
  }
  return p
}
