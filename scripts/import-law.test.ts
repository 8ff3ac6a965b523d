import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { specifiersIn, violation } from './import-law.ts'

describe('import law', () => {
  const cases: [file: string, specifier: string, lawful: boolean][] = [
    ['operator/src/a.ts', '@warren/contracts', true],
    ['operator/src/a.ts', '@warren/runtime/clock', true],
    ['operator/src/a.ts', '@warren/api', false],
    ['api/src/a.ts', '../../operator/src/b.ts', false],
    ['api/src/modules/auth/service.ts', './repo.ts', true],
    ['api/src/modules/auth/service.ts', '../keys/repo.ts', false],
    ['api/src/modules/auth/service.ts', '../keys/index.ts', true],
    ['packages/contracts/src/a.ts', '@warren/runtime/clock', false],
    ['packages/runtime/src/bus/a.ts', '../clock/index.ts', true],
    ['packages/runtime/src/bus/a.ts', '@warren/simulator', false],
    ['session-pod/src/main.ts', '@whiskeysockets/baileys', false],
    ['session-pod/src/whatsapp/connect.ts', '@whiskeysockets/baileys', true],
    ['session-pod/src/session/machine.ts', 'libsignal/src/curve.js', false],
    ['session-pod/src/bundle/light-mac.ts', 'libsignal/src/crypto.js', true],
    ['simulator/src/noise/handshake.ts', 'libsignal/src/curve.js', true],
    ['standalone/src/main.ts', '@warren/api', true],
    ['standalone/src/main.ts', '@whiskeysockets/baileys', false],
    ['test/path.test.ts', '../session-pod/src/index.ts', true],
  ]
  for (const [file, specifier, lawful] of cases) {
    it(`${lawful ? 'allows' : 'forbids'} ${specifier} in ${file}`, () => {
      assert.equal(violation(file, specifier) === undefined, lawful)
    })
  }

  it('finds every form of import', () => {
    const source = `import a from 'a'\nimport type {\n  B,\n} from "b"\nexport * from 'c'\nimport 'd'\nconst e = await import('e')\n`
    assert.deepEqual(specifiersIn(source), ['a', 'b', 'c', 'd', 'e'])
  })
})
