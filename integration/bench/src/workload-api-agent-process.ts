import { answerParent } from './answer-parent.js';
import { type AgentQuestion, BenchAgent } from './workload-api-agent.js';

const agent = BenchAgent.create();
answerParent(async (question: AgentQuestion) => (await agent).answer(question));
