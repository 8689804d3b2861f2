import { expect } from 'vitest'

/*
 * Exact arithmetic on what float64 can hold, as an independent reference: sums and products lose nothing, quotients and roots
 * have some 300 bits.
 */

/** n · 2^e. */
export interface Exact {
  readonly n: bigint
  readonly e: number
}

export const ZERO: Exact = { n: 0n, e: 0 }

const BITS = 300

export function exact(x: number): Exact {
  if (x === 0) return ZERO
  const view = new DataView(new ArrayBuffer(8))
  view.setFloat64(0, x)
  const bits = view.getBigUint64(0)
  const exponent = Number((bits >> 52n) & 0x7ffn)
  const fraction = bits & 0xfffffffffffffn
  const n = exponent === 0 ? fraction : fraction | (1n << 52n)
  return { n: bits >> 63n ? -n : n, e: Math.max(exponent, 1) - 1075 }
}

function shifted({ n, e }: Exact, to: number): bigint {
  return n << BigInt(e - to)
}

export function add(x: Exact, y: Exact): Exact {
  if (x.n === 0n) return y
  if (y.n === 0n) return x
  const e = Math.min(x.e, y.e)
  return { n: shifted(x, e) + shifted(y, e), e }
}

export function negate({ n, e }: Exact): Exact {
  return { n: -n, e }
}

export function abs({ n, e }: Exact): Exact {
  return { n: n < 0n ? -n : n, e }
}

export function multiply(x: Exact, y: Exact): Exact {
  return { n: x.n * y.n, e: x.e + y.e }
}

export function divide(x: Exact, y: Exact): Exact {
  const bits = BITS + bitsOf(y.n)
  return { n: (x.n << BigInt(bits)) / y.n, e: x.e - y.e - bits }
}

export function root(x: Exact): Exact {
  if (x.n === 0n) return ZERO
  let bits = Math.max(0, 2 * BITS - bitsOf(x.n))
  if ((x.e - bits) % 2 !== 0) bits++
  return { n: integerRoot(x.n << BigInt(bits)), e: (x.e - bits) / 2 }
}

function bitsOf(n: bigint): number {
  return (n < 0n ? -n : n).toString(16).length * 4
}

function integerRoot(n: bigint): bigint {
  let guess = 1n << BigInt((bitsOf(n) >> 1) + 1)
  for (;;) {
    const next = (guess + n / guess) >> 1n
    if (next >= guess) return guess
    guess = next
  }
}

export function compare(x: Exact, y: Exact): number {
  const { n } = add(x, negate(y))
  return n < 0n ? -1 : n > 0n ? 1 : 0
}

export function sum(terms: readonly Exact[]): Exact {
  const e = terms.reduce((least, term) => (term.n === 0n ? least : Math.min(least, term.e)), Infinity)
  if (e === Infinity) return ZERO
  return { n: terms.reduce((total, term) => total + (term.n === 0n ? 0n : shifted(term, e)), 0n), e }
}

/** As float64, to a few units in the last place. */
export function toNumber(x: Exact): number {
  const surplus = bitsOf(x.n) - 64
  let value = surplus > 0 ? Number(x.n >> BigInt(surplus)) : Number(x.n)
  for (let e = surplus > 0 ? x.e + surplus : x.e; e !== 0; ) {
    const step = Math.max(-1000, Math.min(1000, e))
    value *= 2 ** step
    e -= step
  }
  return value
}

const MOST = exact(Number.MAX_VALUE)
const LEAST = exact(Number.MIN_VALUE)

/**
 * Checks that a result lies within `tolerance` times `scale` of what is true, or, for the sake of the numbers next to 0, within
 * `units` of the least positive number; and that it is infinite only where the truth is about that.
 */
export function expectNear(result: number, truth: Exact, scale: Exact, tolerance = 1e-12, units = 1): void {
  expect(result).not.toBeNaN()
  const allowed = add(multiply(abs(scale), exact(tolerance)), multiply(LEAST, exact(units)))
  if (!Number.isFinite(result)) {
    const reached = add(abs(truth), add(allowed, multiply(abs(truth), exact(1e-15))))
    expect(compare(reached, MOST), `${result} for ${toNumber(truth)}`).toBeGreaterThanOrEqual(0)
    expect(result > 0).toBe(truth.n > 0n)
    return
  }
  const error = abs(add(exact(result), negate(truth)))
  const message = `${result} for ${toNumber(truth)}, off by ${toNumber(error)} of ${toNumber(allowed)}`
  expect(compare(error, allowed), message).toBeLessThanOrEqual(0)
}
