/** A route of Next’s server without any configuration, built for production and served. */

import { spawn } from 'node:child_process';
import { mkdir, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { TEXT, attempt, call, check } from '../attempt.mjs';

const VERSION = '16.4.6';

const ROUTE = `
import { pipeline } from 'headwise';
export const dynamic = 'force-dynamic';
export async function GET() {
  const classify = await pipeline('text-classification', './model');
  const results = await classify(${JSON.stringify(TEXT)});
  return Response.json({ ...results[0], variant: results.meta.variant, warnings: classify.model.warnings });
}
`;

const LAYOUT = 'export default function Layout({ children }) { return <html><body>{children}</body></html>; }\n';

await attempt('next, server', VERSION, [`next@${VERSION}`, 'react@19.3.1', 'react-dom@19.3.1'], async (folder) => {
  await mkdir(path.join(folder, 'app/api'), { recursive: true });
  await writeFile(path.join(folder, 'app/layout.jsx'), LAYOUT);
  await writeFile(path.join(folder, 'app/api/route.js'), ROUTE);
  const next = path.join(folder, 'node_modules/.bin/next');
  const env = { ...process.env, NEXT_TELEMETRY_DISABLED: '1' };
  await call(folder, next, ['build'], { env });
  const server = spawn(process.execPath, [path.join(folder, 'node_modules/next/dist/bin/next'), 'start', '--port', '0'], { cwd: folder, env });
  try {
    const url = await new Promise((resolve, reject) => {
      let output = '';
      server.on('exit', () => reject(new Error(output)));
      server.stdout.on('data', (chunk) => {
        output += chunk;
        const [found] = /http:\/\/localhost:\d+/.exec(output) ?? [];
        if (found && /Ready/.test(output)) resolve(found);
      });
    });
    return check(await (await fetch(`${url}/api`)).text());
  } finally {
    server.kill();
  }
});
