/** `node cli/build.ts [FOLDER]`: the command line as single files, by default `cli/dist/kubectl-wa` and `cli/dist/warren`. They need Node 24 alone. */
import { chmod } from 'node:fs/promises'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { build } from 'esbuild'

const folder = process.argv[2] ?? fileURLToPath(new URL('./dist', import.meta.url))

// Before anything that an older Node could not parse or would fail at with a stack trace.
const banner = (program: string) => `#!/usr/bin/env node
if (Number(process.versions.node.split('.')[0]) < 24) { console.error('${program}: Node 24 is needed, this is ' + process.version + '.'); process.exit(1) }`

for (const program of ['kubectl-wa', 'warren']) {
  const outfile = join(folder, program)
  await build({
    stdin: {
      contents: `import { main } from './src/main.ts'\nvoid main('${program}')`,
      resolveDir: import.meta.dirname,
      loader: 'ts',
    },
    outfile,
    bundle: true,
    minify: true,
    platform: 'node',
    target: 'node24',
    // A file without an extension is CommonJS.
    format: 'cjs',
    // Speed-ups that ws would use if they were there.
    external: ['bufferutil', 'utf-8-validate'],
    legalComments: 'none',
    logLevel: 'error',
    banner: { js: banner(program) },
  })
  await chmod(outfile, 0o755)
  process.stdout.write(`${outfile}\n`)
}
