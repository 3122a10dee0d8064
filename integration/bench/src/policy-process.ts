import { answerParent } from './answer-parent.js';
import { measurePolicy, type PolicyMeasurementSettings } from './policy-measurement.js';

answerParent((settings: PolicyMeasurementSettings) => measurePolicy(settings));
