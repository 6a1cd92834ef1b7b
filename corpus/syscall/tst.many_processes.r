several

