import type { EngineQuery } from '../engine/engine.ts'
import type { Source } from '../source.ts'
import type { Definition } from '../store/catalogue.ts'
import type { MetricName } from '../types.ts'

/** What a query by the collection's own metric says of it; as of now, since images are. */
export function ownMetric({
  definition,
  precisions,
}: Source): Pick<EngineQuery, 'metric' | 'center' | 'images'> {
  const { metric, precision } = definition
  return { metric, center: 0, images: precision && precisions.imagesOf(precision) }
}

/** The metric as `db.collection` takes it; a matrix is copied. */
export function metricOf({
  metric,
  precision,
}: Pick<Definition, 'metric' | 'precision'>): MetricName | { mahalanobis: Float64Array } {
  return metric === 'mahalanobis' ? { mahalanobis: precision!.data.slice() } : metric
}
