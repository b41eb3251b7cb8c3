// A real Bluesky server (@atproto/pds) on 127.0.0.1, with a directory of identities (PLC) in this process, so that nothing
// leaves the machine. usage: node pds.mjs FOLDER, where FOLDER has node_modules. Prints one line of JSON when it is ready;
// SIGTERM, or the end of its standard input, ends it. Faults are not its business: relay.py stands before it.
// For tests alone, on a port of its own: POST /limits {"part of a limit's name": {"points": n, "duration": seconds}}
// makes rate limits small and forgets what was spent; {"part": {}} puts them back.
import fs from 'node:fs'
import http from 'node:http'
import { createRequire } from 'node:module'
import os from 'node:os'
import path from 'node:path'
import { pathToFileURL } from 'node:url'
import workerThreads from 'node:worker_threads'
import zlib from 'node:zlib'

// It asks for Node 22; what it only names while it is imported is all that Node 20 lacks.
zlib.createZstdDecompress ??= () => { throw new Error('zstd needs Node 22') }
workerThreads.markAsUncloneable ??= () => {}

const root = path.resolve(process.argv[2] ?? '.')
const requireHere = createRequire(path.join(root, 'package.json'))
const load = (name) => import(pathToFileURL(requireHere.resolve(name)).href)
const say = (answer, status, body, type = 'application/json') => {
  answer.writeHead(status, { 'content-type': type })
  answer.end(JSON.stringify(body))
}
const bodyOf = async (request) => {
  const chunks = []
  for await (const chunk of request) chunks.push(chunk)
  return Buffer.concat(chunks).toString()
}
const listen = (server) => new Promise((ready) => server.listen(0, '127.0.0.1', () => ready(server.address().port)))

// ── rate limits that can be made small while it runs: must stand before the server is imported ──
const limiters = []
{
  const owner = fs.realpathSync(path.join(root, 'node_modules/@atproto/xrpc-server'))
  const flexible = createRequire(path.join(owner, 'package.json'))('rate-limiter-flexible')
  flexible.RateLimiterMemory = class extends flexible.RateLimiterMemory {
    constructor(options) {
      super(options)
      this.usual = { points: options.points, duration: options.duration }
      limiters.push(this)
    }
  }
}
const limit = (wanted) => {
  for (const limiter of limiters) {
    const found = Object.entries(wanted).find(([name]) => limiter.keyPrefix.includes(name))
    if (!found) continue
    const { points, duration } = { ...limiter.usual, ...found[1] }
    limiter.points = points
    limiter.duration = duration
    for (const key of Object.keys(limiter._memoryStorage?._storage ?? {})) limiter._memoryStorage.delete(key)
  }
  return limiters.map(({ keyPrefix, points, duration }) => ({ name: keyPrefix, points, duration }))
}

// ── the directory: operations are checked by the official library and kept in memory ──
const plc = await load('@did-plc/lib')
const { cidForCbor } = await load('@atproto/common')
const logs = new Map()
const register = async (did, operation) => {
  const log = logs.get(did) ?? []
  const dated = log.map((entry) => ({ ...entry, createdAt: new Date(entry.createdAt) }))
  const nullified = new Set((await plc.assureValidNextOp(did, dated, operation)).nullified.map(String))
  for (const entry of log) entry.nullified ||= nullified.has(String(entry.cid))
  const cid = await cidForCbor(operation)
  logs.set(did, [...log, { did, operation, cid, nullified: false, createdAt: new Date().toISOString() }])
}
const directory = http.createServer(async (request, answer) => {
  try {
    const [, named, ...rest] = request.url.split('?')[0].split('/')
    const did = decodeURIComponent(named)
    if (!did.startsWith('did:plc:')) return say(answer, 200, { version: 'tests' })
    if (request.method === 'POST') {
      await register(did, JSON.parse(await bodyOf(request)))
      return say(answer, 200, {})
    }
    const live = (logs.get(did) ?? []).filter((entry) => !entry.nullified)
    if (!live.length) return say(answer, 404, { message: `DID not registered: ${did}` })
    const data = plc.opToData(did, live.at(-1).operation)
    const what = rest.join('/')
    if (what === '') return say(answer, 200, await plc.formatDidDoc(data), 'application/did+ld+json')
    if (what === 'data') return say(answer, 200, data)
    if (what === 'log/last') return say(answer, 200, live.at(-1).operation)
    say(answer, 404, { message: 'not found' })
  } catch (error) {
    say(answer, 400, { message: String(error?.message ?? error) })
  }
})

// ── the server ──
const { PDS, envToCfg, envToSecrets, readEnv } = await load('@atproto/pds')
const spare = http.createServer() // its own address stands in what it signs: known before it starts
const port = await listen(spare)
await new Promise((closed) => spare.close(closed))
const data = fs.mkdtempSync(path.join(os.tmpdir(), 'clarion-pds-'))
const jwtSecret = 'not a secret: for tests on this machine'
const env = {
  ...readEnv(),
  port, hostname: 'localhost', devMode: true, dataDirectory: data, blobstoreDiskLocation: path.join(data, 'blobs'),
  didPlcUrl: `http://127.0.0.1:${await listen(directory)}`, serviceHandleDomains: ['.test'], inviteRequired: false,
  jwtSecret, dpopSecret: 'd'.repeat(64), adminPassword: 'tests', plcRotationKeyK256PrivateKeyHex: '1'.repeat(64),
  rateLimitsEnabled: true, disableSsrfProtection: true, crawlers: [],
}
const pds = await PDS.create(envToCfg(env), envToSecrets(env))
pds.app.listen = (port) => http.createServer(pds.app).listen(port, '127.0.0.1') // else it would listen to everybody
await pds.start()

const control = http.createServer(async (request, answer) => {
  try {
    say(answer, 200, limit(JSON.parse((await bodyOf(request)) || '{}')))
  } catch (error) {
    say(answer, 500, { message: String(error?.stack ?? error) })
  }
})
const installed = JSON.parse(fs.readFileSync(path.join(root, 'node_modules/@atproto/pds/package.json'), 'utf8'))
const stop = async () => {
  directory.close()
  control.close()
  await Promise.race([pds.destroy(), new Promise((late) => setTimeout(late, 2000))])
  fs.rmSync(data, { recursive: true, force: true })
  process.exit(0)
}
process.on('SIGTERM', stop)
process.on('SIGINT', stop)
process.stdin.on('end', stop).resume() // whoever started it is gone
console.log(JSON.stringify({
  url: `http://127.0.0.1:${port}`, control: `http://127.0.0.1:${await listen(control)}`, data, jwtSecret,
  version: installed.version, node: process.version,
}))
