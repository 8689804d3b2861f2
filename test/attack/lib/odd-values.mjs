/*
 * Values that no caller should pass, and some that look odd and are fine: each function makes a fresh one. Their own code
 * throws only `OnPurpose`.
 */
import { runInNewContext } from 'node:vm'

export class OnPurpose extends Error {}

const fail = () => {
  throw new OnPurpose('on purpose')
}

class Instance {
  id = 'instance'
}

/** Every access fails. */
const failingProxy = (target = {}) => {
  const names = ['get', 'has', 'ownKeys', 'getPrototypeOf', 'getOwnPropertyDescriptor', 'apply', 'set']
  return new Proxy(target, Object.fromEntries(names.map((name) => [name, fail])))
}

/** Every access fails from the n-th on. */
const failingLater = (target, n) => {
  let left = n
  const once =
    (name) =>
    (...args) =>
      left-- > 0 ? Reflect[name](...args) : fail()
  return new Proxy(target, {
    get: once('get'),
    ownKeys: once('ownKeys'),
    getOwnPropertyDescriptor: once('getOwnPropertyDescriptor'),
  })
}

/** Another length each time. */
const changingLength = () => {
  let length = 3
  const get = (target, key) =>
    key === 'length' ? length++ : (target[key] ?? (/^\d/.test(String(key)) ? 1 : undefined))
  return new Proxy([1, 2, 3], { get })
}

const detached = () => {
  const view = new Float32Array(3)
  structuredClone(view.buffer, { transfer: [view.buffer] })
  return view
}

const shrunk = () => {
  const buffer = new ArrayBuffer(12, { maxByteLength: 64 })
  const view = new Float32Array(buffer, 0, 3)
  buffer.resize(4)
  return view
}

const cycle = () => {
  const object = { id: 'cycle', inner: [] }
  object.inner.push(object)
  return object
}

const deep = () => {
  let object = {}
  for (let i = 0; i < 50_000; i++) object = { $not: object, a: [object] }
  return object
}

const rejected = () => {
  const promise = Promise.reject(new OnPurpose('on purpose'))
  promise.catch(() => {})
  return promise
}

const revoked = () => {
  const { proxy, revoke } = Proxy.revocable({}, {})
  revoke()
  return proxy
}

const getter = (name) =>
  Object.defineProperty({ id: 'g', vector: [1, 2, 3] }, name, { get: fail, enumerable: true })

const foreign = (text) => () => runInNewContext(text)

const PRIMITIVES = [
  ...[
    undefined,
    null,
    true,
    false,
    NaN,
    Infinity,
    -Infinity,
    -0,
    0,
    0.5,
    -1,
    1,
    3,
    2 ** 31,
    2 ** 32,
    2 ** 53,
    1e308,
  ],
  ...[
    '',
    'x',
    '1',
    '\ud800',
    'a\0b',
    '\ufeff$',
    '__proto__',
    'x'.repeat(5_000),
    'é'.repeat(600),
    '~/x',
    'file:///x',
  ],
  ...[10n, 2n ** 200n, Symbol('s'), Symbol.iterator],
]

export const ODD_VALUES = [
  ...PRIMITIVES.map((value) => () => value),
  () => fail,
  () => async () => {},
  () => new Instance(),
  () => new Error('error'),
  () => /x/g,
  () => new Date(NaN),
  () => new Date(0),
  () => new Map([[{}, new Set([1])]]),
  () => new Set(['a', 1]),
  () => new WeakMap(),
  () => Promise.resolve(1),
  rejected,
  () => AbortSignal.abort(new OnPurpose('on purpose')),
  () => AbortSignal.timeout(1),
  () => ({}),
  () => [],
  () => [[]],
  () => [undefined],
  () => [1, 2, 3],
  () => [1, NaN, 3],
  () => [1, '2', 3],
  () => [1e39, 0, 0],
  () => [5e-324, 0, 0],
  () => new Array(3),
  () => new Array(2 ** 32 - 1),
  () => ({ length: 3 }),
  () => ({ length: 2 ** 40, 0: 1 }),
  () => ({ length: -1 }),
  () => Object.create(null),
  () => Object.create({ id: 'inherited', vector: [1, 2, 3] }),
  () => Object.assign(Object.create(null), { id: 'null', vector: [1, 2, 3] }),
  () => ({ id: 'r', vector: [1, 2, 3], metadata: cycle() }),
  () => ({ filter: {} }),
  () => ({ filter: { a: { $gt: {} } } }),
  // biome-ignore lint/suspicious/noThenProperty: it is odd on purpose
  () => ({ then: 1 }),
  // biome-ignore lint/suspicious/noThenProperty: it is odd on purpose
  () => ({ then: fail }),
  () => ({ toString: fail, valueOf: fail, [Symbol.toPrimitive]: fail }),
  () => ({ [Symbol.iterator]: fail }),
  () => ({ [Symbol.iterator]: () => ({ next: fail }) }),
  () => ({ [Symbol.asyncIterator]: () => ({ next: () => 1 }) }),
  () =>
    (function* () {
      yield { id: 'y', vector: [1, 2, 3] }
      fail()
    })(),
  () =>
    (async function* () {
      yield 1
    })(),
  () => getter('id'),
  () => getter('vector'),
  () => getter('metadata'),
  failingProxy,
  () => failingProxy([]),
  () => failingProxy(() => {}),
  () => failingLater({ id: 'l', vector: [1, 2, 3], metadata: { a: 1 } }, 4),
  () => failingLater([1, 2, 3], 3),
  changingLength,
  revoked,
  detached,
  shrunk,
  cycle,
  deep,
  () => new Float32Array(3),
  () => new Float64Array([1, 2, Infinity]),
  () => new Float32Array(70_000),
  () => new BigInt64Array(3),
  () => new Uint8ClampedArray([1, 2, 3]),
  () => new Float32Array(new SharedArrayBuffer(12)),
  () => new DataView(new ArrayBuffer(12)),
  () => new ArrayBuffer(12),
  () => Buffer.from('abcdefghijkl'),
  () => new URL('file:///x'),
  () => globalThis,
  foreign('({ id: "r", vector: [1, 2, 3], metadata: { a: [1, { b: null }] } })'),
  foreign('[1, 2, 3]'),
  foreign('new Float32Array([1, 2, 3])'),
  foreign('new Date(5)'),
  foreign('new Map([[1, { a: 1 }]])'),
  foreign('(() => { throw 1 })'),
  foreign('Object.create(null)'),
]
