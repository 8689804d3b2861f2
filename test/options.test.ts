import { describe, expect, it } from 'vitest'
import {
  booleanOption,
  checkOptions,
  enumOption,
  functionOption,
  integerOption,
  metricOption,
  numberOption,
  signalOption,
} from '../src/options.ts'

function refusal(run: () => unknown): { code: string; path: string; message: string } {
  try {
    run()
  } catch (error) {
    return error as { code: string; path: string; message: string }
  }
  throw new Error('nothing was thrown')
}

const QUERY = ['vector', 'id', 'k', 'filter', 'select', 'includeVector', 'ef', 'threshold', 'after', 'signal']
const COLLECTION = ['dimension', 'metric', 'fields', 'index']
const INDEX = ['engine', 'M', 'efConstruction']

describe('options', () => {
  it('are returned as they are, and {} when not given', () => {
    const options = { k: 3, filter: undefined }
    expect(checkOptions(options, QUERY, 'query')).toBe(options)
    expect(checkOptions(undefined, QUERY, 'query')).toEqual({})
    expect(checkOptions(Object.create(null), QUERY, 'query')).toEqual({})
  })

  it.each([
    [null, 'null'],
    [[], 'an array'],
    [5, '5'],
    ['k', '"k"'],
    [new Map(), 'an instance of Map'],
    [() => 1, 'a function'],
  ])('are refused when they are no plain object: %s', (options, given) => {
    const { code, path, message } = refusal(() => checkOptions(options, QUERY, 'query'))
    expect({ code, path, message }).toEqual({
      code: 'BAD_OPTION',
      path: 'query',
      message: `query must be a plain object, got ${given}`,
    })
  })

  it.each([
    [QUERY, 'k', ['topK', 'top_k', 'limit', 'n', 'nResults', 'n_results', 'K']],
    [QUERY, 'filter', ['where', 'query_filter', 'filters', 'fliter', 'Filter']],
    [['id', 'vector', 'metadata'], 'metadata', ['payload', 'attributes', 'metdata']],
    [['id', 'vector', 'metadata'], 'vector', ['values', 'embedding', 'vectors']],
    [QUERY, 'ef', ['efSearch', 'ef_search', 'hnsw_ef', 'EF']],
    [INDEX, 'efConstruction', ['ef_construction', 'ef_construct', 'efconstruction', 'efConstuction']],
    [INDEX, 'M', ['m', 'max_connections', 'maxConnections']],
    [COLLECTION, 'dimension', ['dim', 'dims', 'dimensions', 'size', 'dimesion']],
    [COLLECTION, 'metric', ['space', 'distance', 'metrics']],
    [
      QUERY,
      'includeVector',
      ['withVectors', 'include_vectors', 'includeVectors', 'include_vector', 'includevector'],
    ],
  ])('with an unknown key name the one that was meant: %j, %s', (known, meant, keys) => {
    for (const key of keys) {
      const { code, path, message } = refusal(() => checkOptions({ [key]: 1 }, known, 'options'))
      expect({ code, path }).toEqual({ code: 'BAD_OPTION', path: `options.${key}` })
      expect(message).toContain(`options.${key} is not an option: did you mean "${meant}"?`)
      expect(message).toContain(`Known options: ${known.join(', ')}`)
    }
  })

  it('name no option that the method does not have', () => {
    expect(refusal(() => checkOptions({ topK: 1 }, ['filter'], 'count')).message).not.toContain('mean')
    expect(refusal(() => checkOptions({ where: {} }, ['signal'], 'delete')).message).not.toContain('mean')
  })

  it('keep names that are aliases elsewhere where they are options', () => {
    expect(checkOptions({ limit: 2, size: 1 }, ['limit', 'size', 'k'], 'records')).toEqual({
      limit: 2,
      size: 1,
    })
  })

  it('say that max_elements is not needed', () => {
    for (const key of ['max_elements', 'maxElements']) {
      expect(refusal(() => checkOptions({ [key]: 1 }, INDEX, 'index')).message).toContain(
        'collections grow by themselves',
      )
    }
  })

  it('guess nothing from a name that is far from all, or so short that all are near', () => {
    for (const key of ['colour', 'x', 'ab', 'constructor', 'hasOwnProperty', 'k'.repeat(100_000)]) {
      expect(refusal(() => checkOptions({ [key]: 1 }, QUERY, 'query')).message).not.toContain('mean')
    }
  })

  it('with a key __proto__ are refused', () => {
    const options = JSON.parse('{"__proto__":{"k":1}}')
    expect(refusal(() => checkOptions(options, QUERY, 'query'))).toMatchObject({
      code: 'BAD_OPTION',
      path: 'query.__proto__',
    })
  })
})

describe('a metric', () => {
  it('is cosine, dot, euclidean, or not given', () => {
    for (const metric of ['cosine', 'dot', 'euclidean', undefined])
      expect(metricOption(metric, 'metric')).toBe(metric)
  })

  it.each([
    ['euclidean', ['l2', 'L2', 'Euclid', 'euclid', 'Euclidean']],
    ['dot', ['ip', 'IP', 'inner_product', 'dotproduct', 'dotProduct', 'Dot']],
    ['cosine', ['cos', 'angular', 'Cosine', 'COSINE']],
  ])('of another library is refused in favour of %s', (meant, names) => {
    for (const name of names) {
      const { code, path, message } = refusal(() => metricOption(name, 'options.metric'))
      expect({ code, path }).toEqual({ code: 'BAD_OPTION', path: 'options.metric' })
      expect(message).toBe(
        `options.metric must be "cosine" | "dot" | "euclidean", got "${name}": did you mean "${meant}"?`,
      )
    }
  })

  it('that is unknown is refused without a guess', () => {
    for (const value of ['hamming', '', null, 1, ['cosine'], 'constructor']) {
      const { code, message } = refusal(() => metricOption(value, 'metric'))
      expect(code).toBe('BAD_OPTION')
      expect(message).not.toContain('mean')
    }
  })
})

describe('an option that is not given', () => {
  it('is its default, or undefined without one', () => {
    expect(integerOption(undefined, 'k', { min: 1, default: 10 })).toBe(10)
    expect(numberOption(undefined, 'recall', { default: 0.9 })).toBe(0.9)
    expect(booleanOption(undefined, 'exact', false)).toBe(false)
    expect(enumOption(undefined, 'mode', ['insert', 'update'], 'update')).toBe('update')
    expect(integerOption(undefined, 'k', { min: 1 })).toBeUndefined()
    expect(numberOption(undefined, 'recall')).toBeUndefined()
    expect(booleanOption(undefined, 'exact')).toBeUndefined()
    expect(enumOption(undefined, 'mode', ['insert'])).toBeUndefined()
    expect(functionOption(undefined, 'onProgress')).toBeUndefined()
    expect(signalOption(undefined, 'signal')).toBeUndefined()
  })
})

describe('an integer option', () => {
  it('is a safe integer within its limits, both included', () => {
    expect([1, 5, 9].map((k) => integerOption(k, 'k', { min: 1, max: 9 }))).toEqual([1, 5, 9])
    expect(integerOption(-5, 'offset')).toBe(-5)
  })

  it.each([
    [0, '0'],
    [10, '10'],
    [1.5, '1.5'],
    [NaN, 'NaN'],
    [Infinity, 'Infinity'],
    ['5', '"5"'],
    [5n, 'the bigint 5n'],
    [null, 'null'],
    [true, 'true'],
  ])('is refused with what was given and what is accepted: %s', (value, given) => {
    expect(refusal(() => integerOption(value, 'query.k', { min: 1, max: 9 }))).toMatchObject({
      code: 'BAD_OPTION',
      path: 'query.k',
      message: `query.k must be an integer from 1 to 9, got ${given}`,
    })
  })

  it('names the one limit it has', () => {
    expect(refusal(() => integerOption(0, 'k', { min: 1 })).message).toBe(
      'k must be an integer of at least 1, got 0',
    )
    expect(refusal(() => integerOption(3, 'k', { max: 2 })).message).toBe(
      'k must be an integer of at most 2, got 3',
    )
    expect(refusal(() => integerOption(2 ** 53, 'k')).message).toBe(
      'k must be an integer, got 9007199254740992',
    )
  })
})

describe('a number option', () => {
  it('is a finite number within its limits, both included', () => {
    expect([0, 0.5, 1].map((x) => numberOption(x, 'recall', { min: 0, max: 1 }))).toEqual([0, 0.5, 1])
    expect(numberOption(-1e300, 'threshold')).toBe(-1e300)
  })

  it.each([NaN, Infinity, -Infinity, 1.01, -0.01, '0.5', null, 1n])('is refused when it is %s', (value) => {
    expect(refusal(() => numberOption(value, 'recall', { min: 0, max: 1 }))).toMatchObject({
      code: 'BAD_OPTION',
      path: 'recall',
      message: expect.stringContaining('must be a finite number from 0 to 1, got '),
    })
  })
})

describe('a boolean option', () => {
  it('is true or false and nothing that counts as either', () => {
    expect([true, false].map((value) => booleanOption(value, 'exact', true))).toEqual([true, false])
    for (const value of [0, 1, 'true', '', null]) {
      expect(refusal(() => booleanOption(value, 'exact'))).toMatchObject({
        code: 'BAD_OPTION',
        path: 'exact',
        message: expect.stringContaining('must be true or false, got '),
      })
    }
  })
})

describe('an option of a few strings', () => {
  it('is one of them', () => {
    expect(enumOption('flushed', 'durability', ['commit', 'flushed'])).toBe('flushed')
  })

  it('is refused with the list and the nearest of it', () => {
    expect(refusal(() => enumOption('flush', 'durability', ['commit', 'flushed']))).toMatchObject({
      code: 'BAD_OPTION',
      path: 'durability',
      message: 'durability must be "commit" | "flushed", got "flush": did you mean "flushed"?',
    })
    for (const value of [null, 0, ['commit'], 'none']) {
      expect(refusal(() => enumOption(value, 'durability', ['commit', 'flushed'])).message).not.toContain(
        'mean',
      )
    }
  })
})

describe('a function option', () => {
  it('is a function', () => {
    expect(functionOption(refusal, 'onProgress')).toBe(refusal)
    expect(refusal(() => functionOption({}, 'onProgress'))).toMatchObject({
      code: 'BAD_OPTION',
      path: 'onProgress',
      message: 'onProgress must be a function, got a plain object',
    })
  })
})

describe('a signal option', () => {
  it('is an AbortSignal, or what behaves like one', () => {
    const { signal } = new AbortController()
    const polyfill = {
      aborted: false,
      addEventListener() {},
      removeEventListener() {},
      throwIfAborted() {},
    }
    expect(signalOption(signal, 'signal')).toBe(signal)
    expect(signalOption(polyfill, 'signal')).toBe(polyfill)
    expect(signalOption(AbortSignal.abort(), 'signal')?.aborted).toBe(true)
  })

  it('is not its controller', () => {
    expect(refusal(() => signalOption(new AbortController(), 'signal')).message).toContain('pass its .signal')
  })

  it.each([null, true, {}, new EventTarget(), { aborted: true }])(
    'is refused when it is something else: %o',
    (value) => {
      expect(refusal(() => signalOption(value, 'signal'))).toMatchObject({
        code: 'BAD_OPTION',
        path: 'signal',
      })
    },
  )
})
