"""The contests of sim.ts for the published Python package: python3 sim-python.py CONTEST COUNT. Prints seconds of processor time."""

import sys
import time

import crafter
import numpy as np


def play(size, count, lives_long):
    env = crafter.Env(seed=0, size=(size, size))
    actions = np.random.RandomState(0).randint(0, env.action_space.n, count)
    env.reset()
    seconds = 0.0
    for action in actions:
        if lives_long:
            env._player.inventory.update(health=9, food=9, drink=9, energy=9)
        start = time.process_time()
        _, _, done, _ = env.step(action)
        if done:
            env.reset()
        seconds += time.process_time() - start
    return seconds


def reset(count):
    env = crafter.Env(seed=0)
    env.reset()
    start = time.process_time()
    for _ in range(count):
        env.reset()
    return time.process_time() - start


CONTESTS = {
    'frames-64-random': lambda count: play(64, count, False),
    'frames-512-long': lambda count: play(512, count, True),
    'resets': reset,
}
print(CONTESTS[sys.argv[1]](int(sys.argv[2])))
