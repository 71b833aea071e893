/* The library that a faulty plugin needs and does not find. */
int kt_fault_absent(void) { return 1; }
