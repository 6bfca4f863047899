"""What a video file is: probing, sniffing, how it ends, how its fields lie."""
