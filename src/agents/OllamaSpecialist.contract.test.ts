import { isRecord } from '../messages/open-record.ts';
import { startOllamaSimulator } from '../simulators/start-ollama-simulator.ts';
import { OllamaSpecialist } from './OllamaSpecialist.ts';
import { specialistContract, textsIn } from './specialist-contract.ts';

specialistContract({
  agent: 'ollama-specialist',
  startProvider: () => startOllamaSimulator(),
  makeSpecialist: ({ url, ...limits }) => new OllamaSpecialist({ model: 'qwen3:8b', host: url, ...limits }),
  sentText: (body) => (isRecord(body) ? textsIn(body['messages']) : ''),
});
