/* Prints size and field offsets of every struct of kt/abi.h, and the values of its enumerations that files and tables
 * hold; compared with sdk/abi_layout.golden. */
#include <kt/abi.h>
#include <stdio.h>

#define STRUCT(type) printf("%s size %zu\n", #type, sizeof(type))
#define FIELD(type, field) printf("  %-20s %zu\n", #field, offsetof(type, field))

static void print_KtDevice(void) {
  STRUCT(KtDevice);
  FIELD(KtDevice, kind);
  FIELD(KtDevice, index);
  FIELD(KtDevice, reserved);
}

static void print_KtTensor(void) {
  STRUCT(KtTensor);
  FIELD(KtTensor, struct_size);
  FIELD(KtTensor, dtype);
  FIELD(KtTensor, rank);
  FIELD(KtTensor, reserved);
  FIELD(KtTensor, device);
  FIELD(KtTensor, data);
  FIELD(KtTensor, offset);
  FIELD(KtTensor, shape);
  FIELD(KtTensor, stride);
}

static void print_KtWeightPart(void) {
  STRUCT(KtWeightPart);
  FIELD(KtWeightPart, struct_size);
  FIELD(KtWeightPart, count);
  FIELD(KtWeightPart, name);
  FIELD(KtWeightPart, tensors);
}

static void print_KtWeight(void) {
  STRUCT(KtWeight);
  FIELD(KtWeight, struct_size);
  FIELD(KtWeight, dtype);
  FIELD(KtWeight, rank);
  FIELD(KtWeight, part_count);
  FIELD(KtWeight, name);
  FIELD(KtWeight, shape);
  FIELD(KtWeight, parts);
}

static void print_KtBatch(void) {
  STRUCT(KtBatch);
  FIELD(KtBatch, struct_size);
  FIELD(KtBatch, phase);
  FIELD(KtBatch, token_count);
  FIELD(KtBatch, segment_count);
  FIELD(KtBatch, segment_begin);
  FIELD(KtBatch, segment_count_of);
  FIELD(KtBatch, first_position);
  FIELD(KtBatch, token_segment);
  FIELD(KtBatch, token_position);
}

static void print_KtPagedState(void) {
  STRUCT(KtPagedState);
  FIELD(KtPagedState, struct_size);
  FIELD(KtPagedState, page_size);
  FIELD(KtPagedState, keys);
  FIELD(KtPagedState, values);
  FIELD(KtPagedState, block_table);
  FIELD(KtPagedState, table_stride);
}

static void print_KtCall(void) {
  STRUCT(KtCall);
  FIELD(KtCall, struct_size);
  FIELD(KtCall, input_count);
  FIELD(KtCall, inputs);
  FIELD(KtCall, output_count);
  FIELD(KtCall, reserved);
  FIELD(KtCall, outputs);
  FIELD(KtCall, batch);
  FIELD(KtCall, state);
  FIELD(KtCall, scratch);
  FIELD(KtCall, scratch_size);
  FIELD(KtCall, stream);
  FIELD(KtCall, context);
}

static void print_KtOptionDef(void) {
  STRUCT(KtOptionDef);
  FIELD(KtOptionDef, struct_size);
  FIELD(KtOptionDef, type);
  FIELD(KtOptionDef, name);
  FIELD(KtOptionDef, default_value);
  FIELD(KtOptionDef, help);
  FIELD(KtOptionDef, choices);
  FIELD(KtOptionDef, minimum);
  FIELD(KtOptionDef, maximum);
}

static void print_KtSupport(void) {
  STRUCT(KtSupport);
  FIELD(KtSupport, struct_size);
  FIELD(KtSupport, score);
  FIELD(KtSupport, reason);
}

static void print_KtHost(void) {
  STRUCT(KtHost);
  FIELD(KtHost, struct_size);
  FIELD(KtHost, abi_major);
  FIELD(KtHost, abi_minor);
  FIELD(KtHost, reserved);
  FIELD(KtHost, set_error);
  FIELD(KtHost, log);
  FIELD(KtHost, node_name);
  FIELD(KtHost, node_class);
  FIELD(KtHost, node_input_count);
  FIELD(KtHost, node_output_count);
  FIELD(KtHost, node_input);
  FIELD(KtHost, node_output);
  FIELD(KtHost, node_weight_count);
  FIELD(KtHost, node_weight);
  FIELD(KtHost, node_int);
  FIELD(KtHost, node_float);
  FIELD(KtHost, node_string);
  FIELD(KtHost, node_floats);
  FIELD(KtHost, option_int);
  FIELD(KtHost, option_float);
  FIELD(KtHost, option_bool);
  FIELD(KtHost, option_string);
  FIELD(KtHost, parallel_for);
  FIELD(KtHost, parallel_region);
  FIELD(KtHost, team_barrier);
  FIELD(KtHost, team_size);
  FIELD(KtHost, get_interface);
}

static void print_KtOperatorDef(void) {
  STRUCT(KtOperatorDef);
  FIELD(KtOperatorDef, struct_size);
  FIELD(KtOperatorDef, option_count);
  FIELD(KtOperatorDef, name);
  FIELD(KtOperatorDef, implements);
  FIELD(KtOperatorDef, device);
  FIELD(KtOperatorDef, help);
  FIELD(KtOperatorDef, numerics);
  FIELD(KtOperatorDef, options);
  FIELD(KtOperatorDef, supports);
  FIELD(KtOperatorDef, create);
  FIELD(KtOperatorDef, prepare);
  FIELD(KtOperatorDef, scratch_size);
  FIELD(KtOperatorDef, run);
  FIELD(KtOperatorDef, destroy);
}

static void print_KtDeviceDef(void) {
  STRUCT(KtDeviceDef);
  FIELD(KtDeviceDef, struct_size);
  FIELD(KtDeviceDef, reserved);
  FIELD(KtDeviceDef, kind);
  FIELD(KtDeviceDef, help);
  FIELD(KtDeviceDef, count);
  FIELD(KtDeviceDef, memory);
  FIELD(KtDeviceDef, allocate);
  FIELD(KtDeviceDef, release);
  FIELD(KtDeviceDef, stream_create);
  FIELD(KtDeviceDef, stream_destroy);
  FIELD(KtDeviceDef, stream_wait);
  FIELD(KtDeviceDef, copy_in);
  FIELD(KtDeviceDef, copy_out);
  FIELD(KtDeviceDef, event_create);
  FIELD(KtDeviceDef, event_destroy);
  FIELD(KtDeviceDef, event_record);
  FIELD(KtDeviceDef, event_wait);
}

static void print_KtClassDef(void) {
  STRUCT(KtClassDef);
  FIELD(KtClassDef, struct_size);
  FIELD(KtClassDef, output_count);
  FIELD(KtClassDef, name);
  FIELD(KtClassDef, help);
  FIELD(KtClassDef, shape);
  FIELD(KtClassDef, inputs);
  FIELD(KtClassDef, outputs);
}

static void print_KtModelHost(void) {
  STRUCT(KtModelHost);
  FIELD(KtModelHost, struct_size);
  FIELD(KtModelHost, reserved);
  FIELD(KtModelHost, set_error);
  FIELD(KtModelHost, source);
  FIELD(KtModelHost, get_int);
  FIELD(KtModelHost, get_float);
  FIELD(KtModelHost, get_bool);
  FIELD(KtModelHost, get_string);
  FIELD(KtModelHost, array_size);
  FIELD(KtModelHost, get_int_at);
  FIELD(KtModelHost, get_string_at);
  FIELD(KtModelHost, get_float_at);
  FIELD(KtModelHost, has_tensor);
  FIELD(KtModelHost, node_begin);
  FIELD(KtModelHost, node_input);
  FIELD(KtModelHost, node_int);
  FIELD(KtModelHost, node_float);
  FIELD(KtModelHost, node_string);
  FIELD(KtModelHost, node_floats);
  FIELD(KtModelHost, node_weight);
  FIELD(KtModelHost, node_state);
  FIELD(KtModelHost, node_end);
  FIELD(KtModelHost, body_begin);
  FIELD(KtModelHost, body_end);
  FIELD(KtModelHost, value);
  FIELD(KtModelHost, paged_state);
  FIELD(KtModelHost, graph_input);
  FIELD(KtModelHost, graph_output);
  FIELD(KtModelHost, tensor_floats);
}

static void print_KtNameRow(void) {
  STRUCT(KtNameRow);
  FIELD(KtNameRow, struct_size);
  FIELD(KtNameRow, source);
  FIELD(KtNameRow, weight);
  FIELD(KtNameRow, in_file);
  FIELD(KtNameRow, transform);
  FIELD(KtNameRow, reserved);
  FIELD(KtNameRow, begin);
  FIELD(KtNameRow, stride);
}

static void print_KtModelDef(void) {
  STRUCT(KtModelDef);
  FIELD(KtModelDef, struct_size);
  FIELD(KtModelDef, architecture_count);
  FIELD(KtModelDef, name);
  FIELD(KtModelDef, architectures);
  FIELD(KtModelDef, matches);
  FIELD(KtModelDef, read);
  FIELD(KtModelDef, build);
  FIELD(KtModelDef, names);
  FIELD(KtModelDef, destroy);
}

static void print_KtPlugin(void) {
  STRUCT(KtPlugin);
  FIELD(KtPlugin, struct_size);
  FIELD(KtPlugin, magic);
  FIELD(KtPlugin, abi_major);
  FIELD(KtPlugin, abi_minor);
  FIELD(KtPlugin, name);
  FIELD(KtPlugin, version);
  FIELD(KtPlugin, help);
  FIELD(KtPlugin, operator_count);
  FIELD(KtPlugin, device_count);
  FIELD(KtPlugin, class_count);
  FIELD(KtPlugin, model_count);
  FIELD(KtPlugin, operators);
  FIELD(KtPlugin, devices);
  FIELD(KtPlugin, classes);
  FIELD(KtPlugin, models);
  FIELD(KtPlugin, shutdown);
}

int main(void) {
  printf("abi %d.%d magic %x max_rank %d\n", KT_ABI_MAJOR, KT_ABI_MINOR, KT_ABI_MAGIC, KT_MAX_RANK);
  print_KtDevice();
  print_KtTensor();
  print_KtWeightPart();
  print_KtWeight();
  print_KtBatch();
  print_KtPagedState();
  print_KtCall();
  print_KtOptionDef();
  print_KtSupport();
  print_KtHost();
  print_KtOperatorDef();
  print_KtDeviceDef();
  print_KtClassDef();
  print_KtModelHost();
  print_KtNameRow();
  print_KtModelDef();
  print_KtPlugin();
  return 0;
}
