// One side of a comparison in a process of its own: code that is compiled for one library, and a heap that another
// has filled, would slow the other down. Arguments: a module here, the name of an arm in it, its options as JSON.
// Every message asks for one measurement.
const [module, name, options] = process.argv.slice(2)
const { arms } = await import(`./${module}.mjs`)
const { run, close } = await arms[name](JSON.parse(options))
process.on('message', async () => process.send(await run()))
process.on('disconnect', close)
process.send('ready')
