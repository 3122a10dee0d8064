import { answerParent } from './answer-parent.js';
import { measureWorkloadApi, type WorkloadApiMeasurementSettings } from './workload-api-measurement.js';

answerParent((settings: WorkloadApiMeasurementSettings) => measureWorkloadApi(settings));
