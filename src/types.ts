export type Id = string | number
