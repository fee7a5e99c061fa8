# written by the build room
