export { validId } from './validate/id.ts'
export { validMetadata } from './validate/metadata.ts'
export { nonFinite, writeVector } from './validate/vector.ts'
