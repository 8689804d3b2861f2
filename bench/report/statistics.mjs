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
