f000f000f000f00 fff0fff0fff0fff0 f0f0f0f0f0f0f0f0 ff00ff00ff00ff
-1 0

