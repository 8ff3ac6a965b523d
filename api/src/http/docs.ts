/** The documentation page: swagger-ui from this server alone, under the same content security policy as everything else. */
import { readFileSync } from 'node:fs'
import { createRequire } from 'node:module'
import { dirname, join } from 'node:path'
import { Router } from 'express'
import type { OpenApiDocument } from './openapi.ts'

const FILES = ['swagger-ui.css', 'swagger-ui-bundle.js', 'favicon-32x32.png'] as const

export function docsRouter(document: OpenApiDocument, prefix: string): Router {
  const folder = dirname(createRequire(import.meta.url).resolve('swagger-ui-dist/package.json'))
  const json = JSON.stringify(document)
  const router = Router()
  router.get(`${prefix}/openapi.json`, (_req, res) => {
    res.type('application/json').set('Cache-Control', 'no-cache').send(json)
  })
  router.get('/docs', (_req, res) => {
    res.type('html').send(PAGE)
  })
  router.get('/docs/start.js', (_req, res) => {
    res.type('js').send(start(`${prefix}/openapi.json`))
  })
  for (const file of FILES) {
    // Read once: the page is small and the files do not change while the process runs.
    let bytes: Buffer | undefined
    router.get(`/docs/${file}`, (_req, res) => {
      bytes ??= readFileSync(join(folder, file))
      res.type(file).set('Cache-Control', 'public, max-age=86400').send(bytes)
    })
  }
  return router
}

const PAGE = `<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width">
<title>Warren API</title>
<link rel="stylesheet" href="/docs/swagger-ui.css">
<link rel="icon" href="/docs/favicon-32x32.png">
</head>
<body>
<div id="api"></div>
<script src="/docs/swagger-ui-bundle.js"></script>
<script src="/docs/start.js"></script>
</body>
</html>
`

const start = (url: string) =>
  `SwaggerUIBundle({ url: ${JSON.stringify(url)}, dom_id: '#api', deepLinking: true, validatorUrl: null })\n`
