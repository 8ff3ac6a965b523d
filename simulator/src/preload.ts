/**
 * Sends any Baileys program to a simulator without touching its code:
 *
 *     WARREN_SIMULATOR=http://127.0.0.1:PORT node --import …/simulator/src/preload.ts app.js
 *
 * Works when the program finds `@whiskeysockets/baileys` from its working directory.
 */
import { createRequire } from 'node:module'
import { join } from 'node:path'
import { pathToFileURL } from 'node:url'
import type { Trust } from './control/types.ts'
import { type RedirectableBaileys, redirect } from './redirect.ts'

const controlUrl = process.env.WARREN_SIMULATOR
if (!controlUrl) throw new Error('set WARREN_SIMULATOR to the control URL of a running simulator')

const response = await fetch(new URL('/trust', controlUrl))
if (!response.ok) throw new Error(`${controlUrl} is no simulator: it answers ${response.status}`)
const trust = (await response.json()) as Trust

// The program's own copy of Baileys, which need not be the simulator's.
const path = createRequire(join(process.cwd(), 'program.js')).resolve('@whiskeysockets/baileys')
redirect(trust, (await import(pathToFileURL(path).href)) as RedirectableBaileys)
