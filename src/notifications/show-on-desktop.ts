import { execFile } from 'node:child_process';
import type { Environment } from '../config/Config.ts';

export interface DesktopPorts {
  /** `process.platform`. */
  readonly platform: string;
  /** PATH, and what a desktop session needs. */
  readonly environment: Environment;
}

export type DesktopOutcome =
  | { readonly shown: true }
  /** `isAvailable`: whether it is worth another try. */
  | { readonly shown: false; readonly isAvailable: boolean; readonly problem: string };

/** A desktop that does not answer is not waited for. */
const longestMs = 2_000;
const mostCharacters = 400;

/**
 * Shows a notification on the desktop: `notify-send` on Linux and the BSDs, `osascript` on macOS, a toast by PowerShell on Windows. The text
 * goes to the program as an argument or a variable, through no shell. A desktop that is not there is no error.
 */
export function showOnDesktop(
  title: string,
  text: string,
  { platform, environment }: DesktopPorts,
): Promise<DesktopOutcome> {
  const { command, args, variables } = commandFor(platform, title, text.slice(0, mostCharacters));
  return new Promise((resolve) => {
    const child = execFile(
      command,
      args,
      { env: { ...withoutSecrets(environment), ...variables }, timeout: longestMs, windowsHide: true },
      (error, _stdout, stderr) => {
        if (!error) resolve({ shown: true });
        else if (error.code === 'ENOENT') {
          resolve({ shown: false, isAvailable: false, problem: `${command} is not installed` });
        } else {
          const [line = ''] = String(stderr).trim().split('\n');
          resolve({ shown: false, isAvailable: true, problem: `${command}: ${line || error.message}` });
        }
      },
    );
    child.unref();
  });
}

/** The program needs the session of the desktop, and none of our keys. */
function withoutSecrets(environment: Environment): Environment {
  const isSecret = (name: string) => /KEY|TOKEN|SECRET|PASSWORD|^TEELAMMA_LEDGER$/i.test(name);
  return Object.fromEntries(Object.entries(environment).filter(([name]) => !isSecret(name)));
}

interface DesktopCommand {
  readonly command: string;
  readonly args: readonly string[];
  readonly variables?: Readonly<Record<string, string>>;
}

function commandFor(platform: string, title: string, text: string): DesktopCommand {
  switch (platform) {
    case 'darwin': {
      const script = [
        'on run argv',
        'display notification (item 2 of argv) with title (item 1 of argv)',
        'end run',
      ];
      return { command: 'osascript', args: [...script.flatMap((line) => ['-e', line]), title, text] };
    }
    case 'win32':
      return {
        command: 'powershell.exe',
        args: ['-NoProfile', '-NonInteractive', '-Command', toastScript],
        variables: { TEELAMMA_TITLE: title, TEELAMMA_TEXT: text },
      };
    default:
      // Servers of notifications read a little HTML in the body.
      return { command: 'notify-send', args: ['--app-name=teelamma', '--', title, escapeMarkup(text)] };
  }
}

function escapeMarkup(text: string): string {
  return text.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('>', '&gt;');
}

/** Windows takes toasts of programs that it knows; PowerShell is one. */
const toastScript = `
$ErrorActionPreference = 'Stop'
[void][Windows.UI.Notifications.ToastNotificationManager, Windows.UI.Notifications, ContentType = WindowsRuntime]
$toast = [Windows.UI.Notifications.ToastNotificationManager]::GetTemplateContent('ToastText02')
$lines = $toast.GetElementsByTagName('text')
[void]$lines.Item(0).AppendChild($toast.CreateTextNode($env:TEELAMMA_TITLE))
[void]$lines.Item(1).AppendChild($toast.CreateTextNode($env:TEELAMMA_TEXT))
$id = '{1AC14E77-02E7-4E5D-B744-2EB1AE5198B7}\\WindowsPowerShell\\v1.0\\powershell.exe'
[Windows.UI.Notifications.ToastNotificationManager]::CreateToastNotifier($id).Show([Windows.UI.Notifications.ToastNotification]::new($toast))
`;
