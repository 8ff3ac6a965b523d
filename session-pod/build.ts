/** `node session-pod/build.ts [FOLDER]`: bundles the session process, by default into `session-pod/dist`. */
import { fileURLToPath } from 'node:url'
import { bundleSession } from './src/bundle/index.ts'

const folder = process.argv[2] ?? fileURLToPath(new URL('./dist', import.meta.url))
process.stdout.write(`${await bundleSession(folder)}\n`)
