#include <proofkey.h>
