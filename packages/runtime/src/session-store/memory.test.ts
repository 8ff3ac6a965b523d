import { systemClock } from '../clock/index.ts'
import { describeSessionStore } from './conformance.ts'
import { createMemorySessionStore } from './memory.ts'

describeSessionStore('memory', async () => createMemorySessionStore(systemClock))
