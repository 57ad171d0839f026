import { isRecord } from '../messages/open-record.ts';
import { startClaudeSimulator } from '../simulators/start-claude-simulator.ts';
import { ClaudeSpecialist } from './ClaudeSpecialist.ts';
import { specialistContract, textsIn } from './specialist-contract.ts';

specialistContract({
  agent: 'claude-specialist',
  startProvider: () => startClaudeSimulator(),
  makeSpecialist: ({ url, ...limits }) =>
    new ClaudeSpecialist({ model: 'claude-sonnet-5-5', apiKey: 'key', baseUrl: url, ...limits }),
  sentText: (body) => (isRecord(body) ? textsIn(body['system']) + textsIn(body['messages']) : ''),
});
