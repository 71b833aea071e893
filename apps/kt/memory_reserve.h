// Memory kept back for the moment when there is no more.
#pragma once

namespace kt::app {

// From now on the first allocation that fails gets the reserve, where it fits; later ones throw. So destructors that allocate, as
// those of JSON documents do, and the sentence that tells of the end have memory to work with.
void reserve_memory();

}  // namespace kt::app
