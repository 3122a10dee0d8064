import { existsSync, mkdirSync, readFileSync } from 'node:fs';
import { join, relative } from 'node:path';
import { Extractor, ExtractorConfig, ExtractorLogLevel } from '@microsoft/api-extractor';
import { publishedMembers, ROOT, readJson } from './workspace.mjs';

/**
 * Compares what every package exports with its committed report (`packages/NAME/api-report/NAME.api.md`), and asks for a doc
 * comment on every export; members may speak for themselves. Reads `dist`, so build first. With `update` the reports are written anew.
 */
export function apiProblems({ update = false } = {}) {
  return publishedMembers().flatMap((member) => {
    const entry = join(member.path, 'dist', 'index.d.ts');
    return existsSync(entry) ? problemsOf(member, entry, update) : [`packages/${member.folder} has no dist/index.d.ts`];
  });
}

function problemsOf({ folder, path }, entry, update) {
  const reportFolder = join(path, 'api-report');
  mkdirSync(reportFolder, { recursive: true });
  const extractorConfig = ExtractorConfig.prepare({
    configObject: { ...readJson(join(ROOT, 'api-extractor.json')), projectFolder: path, mainEntryPointFilePath: entry },
    configObjectFullPath: undefined,
    packageJsonFullPath: join(path, 'package.json'),
  });
  const problems = [];
  const { apiReportChanged } = Extractor.invoke(extractorConfig, {
    localBuild: update,
    messageCallback(message) {
      message.handled = true;
      if (message.logLevel !== ExtractorLogLevel.Error && message.logLevel !== ExtractorLogLevel.Warning) return;
      // The result says it, for all reports alike.
      if (message.messageId.startsWith('console-api-report')) return;
      if (message.messageId === 'ae-undocumented' && isMember(message)) return;
      const at = message.sourceFilePath ? ` (${relative(ROOT, message.sourceFilePath)}:${message.sourceFileLine ?? 0})` : '';
      problems.push(`packages/${folder}: ${message.messageId}: ${message.text}${at}`);
    },
  });
  if (apiReportChanged && !update) {
    problems.push(
      `packages/${folder}: its exports are not what api-report says; if that is meant, run \`npm run check -- --update\``,
    );
  }
  return problems;
}

// A declaration that is indented stands inside of an exported one.
function isMember({ sourceFilePath, sourceFileLine }) {
  const line = readFileSync(sourceFilePath, 'utf8').split('\n')[sourceFileLine - 1] ?? '';
  return /^\s/.test(line);
}
