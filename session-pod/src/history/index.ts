export { createHistoryImporter, type HistoryImporter } from './importer.ts'
