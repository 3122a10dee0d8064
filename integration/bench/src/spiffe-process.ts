import { answerParent } from './answer-parent.js';
import { measureSpiffe, type SpiffeMeasurementSettings } from './spiffe-measurement.js';

answerParent((settings: SpiffeMeasurementSettings) => measureSpiffe(settings));
