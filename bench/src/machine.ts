import { cpus, release, totalmem, type } from 'node:os'

/** Where it was measured, line by line. */
export function machineFacts(): readonly (readonly [string, string])[] {
  const processors = cpus()
  return [
    ['Processor', `${processors[0]?.model.trim() || 'unknown'}, ${processors.length} cores`],
    ['Memory', `${(totalmem() / 1024 ** 3).toFixed(1)} GB`],
    ['Kernel', `${type()} ${release()}`],
    ['Node', process.version],
  ]
}
