#!/usr/bin/env node
import { launch } from './launch.mjs'

await launch('warren', import.meta.url)
