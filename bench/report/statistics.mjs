/** { median, min, max, samples } of numbers; undefined of none. */
export function spread(values) {
  if (values.length === 0) return undefined
  const sorted = values.toSorted((a, b) => a - b)
  const half = sorted.length >> 1
  const median = sorted.length % 2 === 1 ? sorted[half] : (sorted[half - 1] + sorted[half]) / 2
  return { median, min: sorted[0], max: sorted.at(-1), samples: sorted.length }
}

/** The points that no other beats in both recall and speed, by ascending recall. */
export function frontier(points) {
  const byRecall = points.toSorted((a, b) => b.recall - a.recall || b.speed - a.speed)
  const best = []
  for (const point of byRecall) {
    if (best.length === 0 || point.speed > best.at(-1).speed) best.push(point)
  }
  return best.reverse()
}

/**
 * The speed of a curve at a recall: on the frontier of its points, the logarithm of the speed is interpolated linearly
 * over the recall. Never extrapolated: `undefined` beyond the best recall; below the least, the fastest point stands for
 * all, `atLeast`.
 *
 * @returns {{ speed: number, atLeast: boolean } | undefined}
 */
export function speedAt(recall, points) {
  const curve = frontier(points)
  const next = curve.findIndex((point) => point.recall >= recall)
  if (next < 0) return undefined
  const above = curve[next]
  if (next === 0) return { speed: above.speed, atLeast: above.recall > recall }
  const below = curve[next - 1]
  const share = (recall - below.recall) / (above.recall - below.recall)
  const logarithm = Math.log(below.speed) + share * Math.log(above.speed / below.speed)
  return { speed: Math.exp(logarithm), atLeast: false }
}

/**
 * The cost of a curve at a recall, such as distances computed: interpolated as a speed is, which is one over a cost.
 * `atMost` where even the least effort exceeds the recall.
 *
 * @returns {{ cost: number, atMost: boolean } | undefined}
 */
export function costAt(recall, points) {
  const speeds = points.map((point) => ({ recall: point.recall, speed: 1 / point.cost }))
  const at = speedAt(recall, speeds)
  return at && { cost: 1 / at.speed, atMost: at.atLeast }
}

/**
 * The e of y = a · x^e that fits points [x, y] best: least squares of the logarithms. Undefined for fewer than two
 * different x.
 */
export function exponentOf(points) {
  const logarithms = points.map(([x, y]) => [Math.log(x), Math.log(y)])
  const mean = (i) => logarithms.reduce((sum, pair) => sum + pair[i], 0) / logarithms.length
  const [meanX, meanY] = [mean(0), mean(1)]
  let products = 0
  let squares = 0
  for (const [x, y] of logarithms) {
    products += (x - meanX) * (y - meanY)
    squares += (x - meanX) ** 2
  }
  return squares > 0 ? products / squares : undefined
}
