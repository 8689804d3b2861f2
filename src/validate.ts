export { validId, validIds } from './validate/id.ts'
export { mapItems } from './validate/items.ts'
export { validMetadata } from './validate/metadata.ts'
export { badVector, nonFinite, writeVector } from './validate/vector.ts'
