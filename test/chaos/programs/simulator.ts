/** WhatsApp. It alone is never killed: its ledger is what everything else is compared with. */
import { createSimulator } from '@warren/simulator'
import { required, runAsChild } from './child.ts'

const simulator = createSimulator({
  port: Number(required('WHATSAPP_PORT')),
  controlPort: Number(required('CONTROL_PORT')),
})
await simulator.start()
runAsChild(() => simulator.stop())
