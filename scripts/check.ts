/** `npm run check`: everything that can be said about the sources without running them. Prints one line a check. */
import { execFileSync, spawnSync } from 'node:child_process'
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { staleFiles } from './generate.ts'
import { specifiersIn, violation } from './import-law.ts'

const ROOT = join(import.meta.dirname, '..')

type Check = { name: string; problems: () => string }

const CHECKS: Check[] = [
  { name: 'types', problems: () => output('tsc', ['-p', 'tsconfig.json']) },
  { name: 'lint and format', problems: () => output('biome', ['check', '--error-on-warnings', '.']) },
  { name: 'import law', problems: () => unlawfulImports().join('\n') },
  {
    name: 'generated files',
    problems: () =>
      staleFiles(ROOT)
        .map((file) => `${file} is out of date: npm run generate`)
        .join('\n'),
  },
]

/** Runs all checks; returns whether every one passed. */
export function check(): boolean {
  let clean = true
  for (const { name, problems } of CHECKS) {
    const started = performance.now()
    const found = problems()
    console.log(`${found ? '✖' : '✔'} ${name} (${Math.round(performance.now() - started)} ms)`)
    if (found) console.log(found)
    clean &&= !found
  }
  return clean
}

/** What a tool printed when it failed; empty when it succeeded. */
function output(tool: string, args: string[]): string {
  const done = spawnSync(join(ROOT, 'node_modules', '.bin', tool), args, { cwd: ROOT, encoding: 'utf8' })
  if (done.error) return String(done.error)
  return done.status === 0 ? '' : `${done.stdout}${done.stderr}`.trim() || `${tool} ended with ${done.status}`
}

function unlawfulImports(): string[] {
  const files = execFileSync('git', ['ls-files', '-co', '--exclude-standard', '*.ts'], {
    cwd: ROOT,
    encoding: 'utf8',
  })
  return files
    .split('\n')
    .filter(Boolean)
    .flatMap((file) => {
      const source = readFileSync(join(ROOT, file), 'utf8')
      return specifiersIn(source).flatMap((specifier) => {
        const why = violation(file, specifier)
        return why ? [`${file}: ${why}`] : []
      })
    })
}

if (import.meta.main) process.exitCode = check() ? 0 : 1
