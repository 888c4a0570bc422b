from .decorators import guvectorize as guvectorize
from .decorators import vectorize as vectorize
from .parallel import get_num_threads as get_num_threads
from .parallel import get_parallel_chunksize as get_parallel_chunksize
from .parallel import get_thread_id as get_thread_id
from .parallel import set_num_threads as set_num_threads
from .parallel import set_parallel_chunksize as set_parallel_chunksize
from .parallel import threading_layer as threading_layer
