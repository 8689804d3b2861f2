export function changeOf(name: string, n: number): { puts: string[]; removals: string[] }
export function vectorOf(id: string, n: number): number[]
export function stateAfter(name: string, n: number): Map<string, number>
