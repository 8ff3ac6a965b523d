export { configTable } from './config-table.ts'
export { ConfigError, describeConfig, loadConfig } from './load-config.ts'
