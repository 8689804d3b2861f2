// Runs one section and sends what it found to the parent.
const [name, flag] = process.argv.slice(2)
const { measure } = await import(`./${name}.mjs`)
const result = await measure({ quick: flag === '--quick' })
process.send(result, () => process.disconnect())
