import { answerParent } from './answer-parent.js';
import { type CostSettings, measureCosts } from './in-process-costs.js';

answerParent((settings: CostSettings) => measureCosts(settings));
