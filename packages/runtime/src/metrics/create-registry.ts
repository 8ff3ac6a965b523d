import { collectDefaultMetrics, Gauge, Registry } from 'prom-client'

/**
 * A registry of its own for each process (never prom-client's global one, which tests would share): build information, and
 * the process's and Node's own metrics unless `defaults` is false. Every sample carries the label `service`.
 */
export function createRegistry(options: { service: string; version: string; defaults?: boolean }): Registry {
  const { service, version, defaults = true } = options
  const registry = new Registry()
  registry.setDefaultLabels({ service })
  new Gauge({
    name: 'warren_build_info',
    help: 'Always 1; the labels tell what runs.',
    labelNames: ['version', 'node'],
    registers: [registry],
  }).set({ version, node: process.version }, 1)
  if (defaults) collectDefaultMetrics({ register: registry })
  return registry
}
