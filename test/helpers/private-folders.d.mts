/** The private folders of this process's databases of ':memory:' that are open. */
export function privateFolders(): string[]
