"""What a file is: sniffing, ffprobe, orientation."""
