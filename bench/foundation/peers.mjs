/** A package that only benchmarks need: it is installed in bench/, never with the main package. */
export async function peer(name) {
  try {
    return await import(name)
  } catch (cause) {
    throw new Error(`${name} cannot be loaded: install the peers with \`npm ci --prefix bench\``, { cause })
  }
}
